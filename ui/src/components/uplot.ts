/** uPlot, which is read when the first chart is drawn. */
import type uPlot from 'uplot';

type UPlot = typeof uPlot;

let loading: Promise<UPlot> | undefined;

export function loadUPlot(): Promise<UPlot> {
  loading ??= load();
  return loading;
}

/**
 * While it is read it asks for numbers in the system's language. A system that has none says "C",
 * which is not the name of one, and uPlot would not be there at all. All that it writes for us is
 * worded by the page.
 */
async function load(): Promise<UPlot> {
  const isKnown = isLanguage(navigator.language);
  if (!isKnown) Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  try {
    return (await import('uplot')).default;
  } finally {
    if (!isKnown) Reflect.deleteProperty(navigator, 'language');
  }
}

function isLanguage(name: string): boolean {
  try {
    Intl.getCanonicalLocales(name);
    return true;
  } catch {
    return false;
  }
}
