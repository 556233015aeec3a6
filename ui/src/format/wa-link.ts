/** Links that open a chat with the company in WhatsApp. */

/** Longest text that is written in advance: more than anybody would send so, less than a link holds. */
export const MAX_LINK_TEXT = 500;

/** The digits of a number with its country, however it is written; none if it cannot be one. */
export function phoneDigits(typed: string): string | null {
  if (!/^[\d +\-()./\u00A0\u2010-\u2014]*$/u.test(typed)) return null;
  const digits = typed.replace(/\D/gu, '');
  return /^[1-9]\d{6,14}$/u.test(digits) ? digits : null;
}

/** Whether a number is written as it is dialled within Russia, with an 8 in place of +7. */
export function isDialledWithEight(typed: string): boolean {
  return !typed.trim().startsWith('+') && /^8\d{10}$/u.test(typed.replace(/\D/gu, ''));
}

/** The link to a number, with a text that stands in the client's field already; may be empty. */
export function waLink(phone: string, text: string): string {
  const words = text.trim();
  const link = `https://wa.me/${phone}`;
  return words === '' ? link : `${link}?text=${encoded(words)}`;
}

/** Percent-encoded throughout: what encodeURIComponent leaves ends links where they are recognised. */
function encoded(text: string): string {
  // Half a pair has no encoding.
  const whole = text.replace(/\p{Surrogate}/gu, '\uFFFD');
  return encodeURIComponent(whole).replace(
    /[!'()*]/gu,
    (sign) => `%${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );
}

const HTML_SIGNS: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The link as a site takes it, with what stands on it. */
export function htmlLink(link: string, label: string): string {
  return `<a href="${escaped(link)}" target="_blank" rel="noopener">${escaped(label)}</a>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/gu, (sign) => HTML_SIGNS[sign] ?? sign);
}
