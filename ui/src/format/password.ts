/** First passwords, to be read out and typed. */

/** No letter that looks like another one. */
const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A password that nobody guesses, in groups that can be read aloud. */
export function newPassword(): string {
  const signs: string[] = [];
  while (signs.length < 16) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Beyond the last whole multiple some signs would come more often than others.
      if (byte < 256 - (256 % SIGNS.length)) signs.push(SIGNS[byte % SIGNS.length] ?? '');
    }
  }
  const word = signs.slice(0, 16).join('');
  return (word.match(/.{4}/gu) ?? []).join('-');
}
