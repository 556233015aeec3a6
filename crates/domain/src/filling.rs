//! Placeholders in texts that are written once and sent to many, by the same rule by which the panel
//! fills in ready answers (`ui/src/format/placeholders.ts`, with the same cases in its test).
//!
//! Where a name is not known, the address to it falls away together with what joined it to the
//! sentence: "Hello, {client}!" is "Hello!" then, and "{client}, good morning" is "Good morning".

/// How the placeholders may be written.
const CLIENT: [&str; 2] = ["client", "клиент"];
const OPERATOR: [&str; 3] = ["operator", "сотрудник", "оператор"];

const BLANK: [char; 2] = [' ', '\t'];
const SENTENCE_ENDS: [char; 4] = ['.', '!', '?', '…'];

/// The text with the client's name in the place of its placeholders. Nobody of staff speaks in an
/// automatic text, so an operator's name falls away.
#[must_use]
pub fn fill(template: &str, client: Option<&str>) -> String {
    let name = client.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
    let name = name.filter(|name| !name.is_empty());
    let mut text = String::with_capacity(template.len());
    let mut rest = template.to_owned();
    while let Some((before, is_client, behind)) = first_placeholder(&rest) {
        text.push_str(before);
        rest = match &name {
            // It is not looked into again, whatever somebody calls themselves.
            Some(name) if is_client => {
                text.push_str(name);
                behind.to_owned()
            }
            Some(_) | None => joined(&mut text, behind),
        };
    }
    text + &rest
}

/// What stands before the first placeholder, whether it is the client's, and what stands behind it.
fn first_placeholder(text: &str) -> Option<(&str, bool, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let (before, from) = text.split_at_checked(at)?;
        let (within, behind) = from.strip_prefix('{')?.split_once('}')?;
        let word = within.trim_matches(BLANK).to_lowercase();
        let is_client = CLIENT.contains(&word.as_str());
        (is_client || OPERATOR.contains(&word.as_str())).then_some((before, is_client, behind))
    })
}

/// Joins what stood before a name that is not there with what stood behind it, which is returned, so
/// that they read as one.
fn joined(before: &mut String, behind: &str) -> String {
    let lead = before.trim_end_matches(BLANK);
    let begins_sentence = lead.is_empty()
        || lead.ends_with('\n')
        || (lead.ends_with(SENTENCE_ENDS) && lead.len() < before.len());
    let after = behind.trim_start_matches(BLANK);
    if begins_sentence {
        // The address began the sentence: what comes after it does now.
        let after = after.trim_start_matches([',', '!', '?', ':', ';', '.', '…']);
        return capitalised(after.trim_start_matches(BLANK));
    }
    let is_end =
        after.is_empty() || after.starts_with(['.', '!', '?', '…', ',', ';', ':', ')', '»', '\n']);
    if is_end {
        let lead = lead
            .strip_suffix(',')
            .map_or(lead, |lead| lead.trim_end_matches(BLANK));
        before.truncate(lead.len());
        return after.to_owned();
    }
    if lead.ends_with(',') || before.ends_with(BLANK) {
        return after.to_owned();
    }
    behind.to_owned()
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Здравствуйте, {клиент}!", "Здравствуйте, Ирина!")]
    #[case("{Client}, good morning", "Ирина, good morning")]
    #[case("Заказ для { клиент } готов", "Заказ для Ирина готов")]
    #[case("{клиент} и {client}", "Ирина и Ирина")]
    #[case("Мы на связи", "Мы на связи")]
    fn a_name_that_is_known_stands_where_it_belongs(#[case] template: &str, #[case] text: &str) {
        assert_eq!(fill(template, Some("Ирина")), text);
    }

    #[rstest]
    #[case("Здравствуйте, {клиент}!", "Здравствуйте!")]
    #[case("Здравствуйте, {клиент}", "Здравствуйте")]
    #[case("Здравствуйте, {клиент}, чем помочь?", "Здравствуйте, чем помочь?")]
    #[case("Здравствуйте, {клиент}\nЧем помочь?", "Здравствуйте\nЧем помочь?")]
    #[case("Здравствуйте , {клиент} !", "Здравствуйте!")]
    #[case("{клиент}, здравствуйте!", "Здравствуйте!")]
    #[case("{клиент}! Заказ готов.", "Заказ готов.")]
    #[case("Добрый день! {клиент}, заказ готов.", "Добрый день! Заказ готов.")]
    #[case("Добрый день!\n{клиент}, заказ готов.", "Добрый день!\nЗаказ готов.")]
    #[case("Заказ готов, {client}, приезжайте.", "Заказ готов, приезжайте.")]
    #[case("Спасибо {клиент}!", "Спасибо!")]
    #[case("Спасибо, {клиент} и до встречи", "Спасибо, и до встречи")]
    #[case("Заказ для {клиент} готов", "Заказ для готов")]
    #[case("(для {клиент})", "(для)")]
    #[case("{клиент}", "")]
    #[case("{клиент}{клиент}", "")]
    #[case("Да, {client}, {client}!", "Да!")]
    #[case("С вами {сотрудник}.", "С вами.")]
    fn an_address_to_nobody_falls_away(#[case] template: &str, #[case] text: &str) {
        assert_eq!(fill(template, None), text);
        assert_eq!(fill(template, Some(" \u{a0}\n")), text);
    }

    #[rstest]
    fn what_is_no_placeholder_stays(
        #[values(
            "{name}",
            "{}",
            "{{",
            "client",
            "{client",
            "{clients}",
            "function() {}"
        )]
        text: &str,
    ) {
        assert_eq!(fill(text, Some("Ирина")), text);
    }

    #[test]
    fn a_name_is_not_looked_into_and_stands_on_one_line() {
        assert_eq!(
            fill("{client}!", Some(" {client} \n {operator}")),
            "{client} {operator}!"
        );
        assert_eq!(
            fill("{client}: {operator}", Some("{operator}")),
            "{operator}:"
        );
    }
}
