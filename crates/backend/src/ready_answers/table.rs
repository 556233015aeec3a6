//! Ready answers as a table that programs for tables read and write.
//!
//! What is written is RFC 4180 with a byte order mark, without which Excel takes UTF-8 for the
//! country's old code page, and with the country's separator, without which it shows one column.
//! What is read may have any of the usual separators, columns in any order, and others besides.
//!
//! A cell that begins with `=`, `+`, `-` or `@` is a formula to such programs, also where it is
//! quoted: whoever may write a ready answer could make them open an address or start a program. So
//! an apostrophe is put before it, which they take for "this is text", and taken away when it is
//! read. A cell that begins with an apostrophe and then one of those signs gets another one, so
//! that each text comes back as it was.
//!
//! A quotation mark that begins a cell and is nowhere closed would make one text of all that follows.
//! So a cell that begins with one must end with one, and a line in which that is not so is wrong.

use pult_domain::{ReadyAnswer, ReadyAnswerFault, ReadyAnswerFields};
use pult_protocol::{Code, Problem, ReadyAnswerRow, TableLanguage};
use pult_store::ImportLine;

/// Most lines of a table: more than there may be ready answers.
const MAX_LINES: usize = 5_000;

/// What may stand between columns, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a cell must not begin with.
const FORMULA_SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The columns and what their heads are called, in the order in which they are written.
const COLUMNS: [Column; 4] = [
    Column {
        english: "Shortcut",
        russian: "Сокращение",
    },
    Column {
        english: "Title",
        russian: "Название",
    },
    Column {
        english: "Group",
        russian: "Группа",
    },
    Column {
        english: "Text",
        russian: "Текст",
    },
];

struct Column {
    english: &'static str,
    russian: &'static str,
}

/// The table of some ready answers.
pub(super) fn write(
    answers: &[ReadyAnswerRow],
    language: TableLanguage,
) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(match language {
            TableLanguage::En => b',',
            TableLanguage::Ru => b';',
        })
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(COLUMNS.map(|column| match language {
        TableLanguage::En => column.english,
        TableLanguage::Ru => column.russian,
    }))?;
    for ReadyAnswerRow {
        shortcut,
        title,
        group,
        text,
        ..
    } in answers
    {
        writer.write_record([shortcut, title, group, text].map(|cell| guarded(cell)))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines of a table.
///
/// # Errors
/// When no line names its columns, or there are too many lines.
pub(super) fn read(table: &str) -> Result<Vec<ImportLine>, Problem> {
    let table = table.strip_prefix(BYTE_ORDER_MARK).unwrap_or(table);
    let (separator, places) = SEPARATORS
        .into_iter()
        .find_map(|separator| Some((separator, places(table, separator)?)))
        .ok_or_else(|| {
            Problem::new(
                Code::TableUnreadable,
                "the first line must name the columns Shortcut and Text",
            )
        })?;
    let mut numbers = LineNumbers::of(table);
    let mut lines = Vec::new();
    let mut records = reader(table, separator).into_records();
    let mut is_head = true;
    while let Some(record) = records.next() {
        // Text is always read: cells may be more or fewer, and quotes may stand anywhere.
        let Ok(record) = record else { continue };
        let end = records.reader().position().byte();
        let quotes_close = do_quotes_close(between(table, record.position(), end), separator);
        let is_blank = record.iter().all(|cell| cell.trim().is_empty());
        if (std::mem::take(&mut is_head) || is_blank) && quotes_close {
            continue;
        }
        if lines.len() == MAX_LINES {
            return Err(Problem::new(
                Code::TooLarge,
                "the table has more than 5,000 lines",
            ));
        }
        let mut line = line(numbers.of_record(record.position()), |column| {
            let place = places.get(column).copied().flatten();
            unguarded(
                place
                    .and_then(|place| record.get(place))
                    .unwrap_or_default(),
            )
        });
        if !quotes_close {
            line.answer = Err(ReadyAnswerFault::QuoteUnclosed);
        }
        lines.push(line);
    }
    Ok(lines)
}

/// A record as it stands in the file.
fn between<'a>(table: &'a str, begin: Option<&csv::Position>, end: u64) -> &'a [u8] {
    let begin = begin.map_or(0, csv::Position::byte);
    let [begin, end] = [begin, end].map(|byte| usize::try_from(byte).unwrap_or(usize::MAX));
    table.as_bytes().get(begin..end).unwrap_or_default()
}

/// Whether each cell of a record that begins with a quotation mark ends with one.
fn do_quotes_close(record: &[u8], separator: u8) -> bool {
    enum At {
        Begin,
        Bare,
        Quoted,
        /// Behind a quotation mark within quotes: it closes them, or is the first half of one.
        Mark,
    }
    let mut at = At::Begin;
    for byte in record {
        let ends = *byte == separator || matches!(byte, b'\r' | b'\n');
        at = match (at, *byte) {
            (At::Begin | At::Mark, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Mark,
            (At::Quoted, _) => At::Quoted,
            (At::Begin | At::Bare | At::Mark, _) if ends => At::Begin,
            (At::Begin | At::Bare, _) => At::Bare,
            (At::Mark, _) => return false,
        };
    }
    !matches!(at, At::Quoted)
}

/// Numbers the lines of a file as people count them. The library counts the empty lines before a
/// record as part of it, and the second half of a line's end as well.
struct LineNumbers<'a> {
    table: &'a [u8],
    /// What a line ends with, or the last half of it.
    end: u8,
    /// Up to where they are counted.
    at: usize,
    number: u32,
}

impl<'a> LineNumbers<'a> {
    fn of(table: &'a str) -> Self {
        Self {
            table: table.as_bytes(),
            end: if table.contains('\n') { b'\n' } else { b'\r' },
            at: 0,
            number: 1,
        }
    }

    /// The number of the line in which a record begins that lies behind those asked for before.
    fn of_record(&mut self, position: Option<&csv::Position>) -> u32 {
        let begin = position.and_then(|position| usize::try_from(position.byte()).ok());
        let begin = begin.unwrap_or(self.at).max(self.at);
        let rest = self.table.get(begin..).unwrap_or_default();
        let before = rest.iter().take_while(|it| matches!(**it, b'\r' | b'\n'));
        let begin = begin + before.count();
        let passed = self.table.get(self.at..begin).unwrap_or_default();
        for byte in passed {
            self.number += u32::from(*byte == self.end);
        }
        self.at = begin;
        self.number
    }
}

fn line<'a>(line: u32, cell: impl Fn(usize) -> &'a str) -> ImportLine {
    let (shortcut, title, group, text) = (cell(0), cell(1), cell(2), cell(3));
    ImportLine {
        line,
        shortcut: shortcut.to_owned(),
        text: text.to_owned(),
        answer: ReadyAnswer::parse(ReadyAnswerFields {
            shortcut,
            title,
            group,
            text,
        }),
    }
}

fn reader(table: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(table.as_bytes())
}

/// Where each column stands, if the first line names shortcut and text with this separator between.
fn places(table: &str, separator: u8) -> Option<[Option<usize>; COLUMNS.len()]> {
    let head = reader(table, separator).into_records().next()?.ok()?;
    let place_of = |column: Column| {
        let names = [column.english, column.russian].map(str::to_lowercase);
        head.iter()
            .position(|cell| names.contains(&cell.trim().to_lowercase()))
    };
    let places = COLUMNS.map(place_of);
    let [shortcut, _, _, text] = places;
    (shortcut.is_some() && text.is_some()).then_some(places)
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA_SIGNS)
}

fn guarded(cell: &str) -> String {
    if is_formula(cell) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text) => text,
        Some(_) | None => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pult_domain::{ReadyAnswerFault, ReadyAnswerId};

    use super::*;

    fn row(shortcut: &str, title: &str, group: &str, text: &str) -> ReadyAnswerRow {
        ReadyAnswerRow {
            id: ReadyAnswerId(uuid::Uuid::nil()),
            owner_id: None,
            shortcut: shortcut.to_owned(),
            title: title.to_owned(),
            group: group.to_owned(),
            text: text.to_owned(),
        }
    }

    fn answers(table: &str) -> Vec<ReadyAnswer> {
        let lines = read(table).unwrap().into_iter();
        lines.map(|line| line.answer.unwrap()).collect()
    }

    #[test]
    fn a_table_opens_in_excel_with_its_letters_and_columns() {
        let rows = [row("цена", "О цене", "", "Стоит 5;\nскидка \"3\"")];
        assert_eq!(
            write(&rows, TableLanguage::Ru).unwrap(),
            "\u{feff}Сокращение;Название;Группа;Текст\r\n\
             цена;О цене;;\"Стоит 5;\nскидка \"\"3\"\"\"\r\n"
        );
        assert_eq!(
            write(&[], TableLanguage::En).unwrap(),
            "\u{feff}Shortcut,Title,Group,Text\r\n"
        );
    }

    #[test]
    fn no_cell_that_is_written_is_a_formula() {
        let rows = [row(
            "a",
            "-1",
            "@СУММ",
            "=HYPERLINK(\"http://example.org\")",
        )];
        let table = write(&rows, TableLanguage::En).unwrap();
        assert_eq!(
            table.lines().nth(1).unwrap(),
            "a,'-1,'@СУММ,\"'=HYPERLINK(\"\"http://example.org\"\")\""
        );
    }

    #[test]
    fn columns_stand_in_any_order_with_any_separator_and_with_others_between() {
        for table in [
            "Text,Shortcut\n\"Да, можно\",да\n",
            "\u{feff}ТЕКСТ;№;сокращение\r\nДа, можно;1;/да\r\n",
            "Shortcut\tCreated\tText\nда\t\tДа, можно",
        ] {
            let answers = answers(table);
            assert_eq!(answers.len(), 1, "{table}");
            assert_eq!(answers[0].shortcut(), "да", "{table}");
            assert_eq!(answers[0].text(), "Да, можно", "{table}");
        }
    }

    #[test]
    fn a_wrong_line_is_told_by_its_number_in_the_file() {
        let table = "Shortcut,Text\na,\"two\nlines\"\n\n,nothing\nb\nc d,!\n";
        let lines = read(table).unwrap();
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.line, line.answer.as_ref().err().copied()))
            .collect();
        assert_eq!(
            told,
            [
                (2, None),
                (5, Some(ReadyAnswerFault::ShortcutEmpty)),
                (6, Some(ReadyAnswerFault::TextEmpty)),
                (7, Some(ReadyAnswerFault::ShortcutSigns)),
            ]
        );
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_swallows_nothing_unsaid() {
        let faults = |table: &str| -> Vec<_> {
            let lines = read(table).unwrap().into_iter();
            let faults = lines.filter_map(|line| Some((line.line, line.answer.err()?)));
            faults.collect()
        };
        let unclosed = |line| vec![(line, ReadyAnswerFault::QuoteUnclosed)];
        let head = "Shortcut;Text\n";
        for (table, line) in [
            ("a1;\"text\nb1;other\nc1;third", 2),
            ("a1;text\n\nb1;\"other\nc1;third\n", 4),
            ("a1;\"text\nb1;\"other\"\nc1;third\n", 2),
            ("a1;\"one\" and more\n", 2),
            ("a1;text\n\"", 3),
        ] {
            assert_eq!(faults(&format!("{head}{table}")), unclosed(line), "{table}");
        }
        assert_eq!(faults("Shortcut;Text;\"Created\na1;text\n"), unclosed(1));
        for table in [
            "a1;\"one\"\"\"\r\n\"b1\";\"\"\"two\"",
            "a1;on\"e\nb1;5\"",
            "a1;\"one\ntwo\";\n",
        ] {
            assert_eq!(faults(&format!("{head}{table}")), [], "{table}");
        }
    }

    #[test]
    fn lines_are_counted_alike_however_they_end() {
        for end in ["\n", "\r\n", "\r"] {
            let table = ["Shortcut,Text", "a,1", "", "b,2", "c,3", ""].join(end);
            let numbers: Vec<u32> = read(&table).unwrap().iter().map(|it| it.line).collect();
            assert_eq!(numbers, [2, 4, 5], "{end:?}");
        }
    }

    #[test]
    fn what_names_no_columns_is_no_table() {
        for table in ["", "\u{feff}", "a,b\nc,d\n", "Shortcut\na\n", "%PDF-1.7\0"] {
            assert_eq!(read(table).unwrap_err().code, Code::TableUnreadable);
        }
    }

    #[test]
    fn a_table_without_end_is_not_read_to_its_end() {
        let line = "a,b\n";
        let fits = format!("Shortcut,Text\n{}", line.repeat(MAX_LINES));
        assert_eq!(read(&fits).unwrap().len(), MAX_LINES);
        let problem = read(&format!("{fits}{line}")).unwrap_err();
        assert_eq!(problem.code, Code::TooLarge);
    }

    /// Texts as people and their enemies write them.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[=+@'\"-]{1,3}",
            "[,;\t]",
            "\r\n|\n|\r",
            "[а-яё ]{1,8}",
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_exported_comes_back_as_it_was(
            fields in prop::collection::vec((text(), text(), text()), 1..5),
            language in prop_oneof![Just(TableLanguage::En), Just(TableLanguage::Ru)],
        ) {
            let mut rows = Vec::new();
            for (n, (title, group, text)) in fields.iter().enumerate() {
                let shortcut = format!("{}a{n}", if n % 2 == 0 { "" } else { "-" });
                let parsed = ReadyAnswer::parse(ReadyAnswerFields {
                    shortcut: &shortcut, title, group, text,
                });
                if let Ok(answer) = parsed {
                    rows.push(row(answer.shortcut(), answer.title(), answer.group(), answer.text()));
                }
            }
            let back: Vec<ReadyAnswerRow> = answers(&write(&rows, language).unwrap())
                .iter()
                .map(|it| row(it.shortcut(), it.title(), it.group(), it.text()))
                .collect();
            prop_assert_eq!(
                back.iter().map(fields_of).collect::<Vec<_>>(),
                rows.iter().map(fields_of).collect::<Vec<_>>()
            );
        }

        #[test]
        fn nothing_in_a_file_stops_the_backend(table in text()) {
            let table = format!("Shortcut;Text\n{table}");
            drop(read(&table));
        }
    }

    fn fields_of(row: &ReadyAnswerRow) -> [&str; 4] {
        [&row.shortcut, &row.title, &row.group, &row.text]
    }
}
