/** QR codes: drawn here, so that what they lead to is told to nobody. */
import encodeQR from 'qr';

/** Empty modules around a code, without which it is not found (ISO/IEC 18004). */
const QUIET = 4;

/** Smallest module that a phone reads well from a print, in millimetres. */
const MODULE_MM = 0.5;

/** Smallest code that is worth printing, in centimetres. */
const SMALLEST_CM = 2;

/** Most bytes that the largest code holds besides what mends a seventh of it. */
const MAX_BYTES = 2_331;

/** A code: its rows of modules, dark ones true, with what must be empty around it. */
export type QrCode = readonly (readonly boolean[])[];

/** The code of a text, with what mends a seventh of it; none if the text is too long for one. */
export function qrCode(text: string): QrCode | null {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MAX_BYTES) return null;
  return encodeQR(text, 'raw', { ecc: 'medium', border: QUIET, textEncoder: () => bytes });
}

/** The outline of the dark modules, in modules from the corner. */
export function qrPath(code: QrCode): string {
  let path = '';
  code.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] !== true) continue;
      // Neighbours are one piece, so that no print has a hair between them.
      const from = x;
      while (row[x + 1] === true) x += 1;
      path += `M${from} ${y}h${x - from + 1}v1h-${x - from + 1}z`;
    }
  });
  return path;
}

/** The code as a file of lines, sharp at any size. */
export function qrSvg(code: QrCode): string {
  const width = code.length;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${width}" ` +
    `width="${width * 8}" height="${width * 8}" shape-rendering="crispEdges">` +
    `<path fill="white" d="M0 0h${width}v${width}H0z"/><path d="${qrPath(code)}"/></svg>\n`
  );
}

/** The code as points, four bytes for each, `scale` points wide a module. */
export function qrPixels(code: QrCode, scale: number): { width: number; data: Uint8ClampedArray } {
  const width = code.length * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (let y = 0; y < width; y += 1) {
    const row = code[Math.floor(y / scale)];
    for (let x = 0; x < width; x += 1) {
      if (row?.[Math.floor(x / scale)] === true)
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, data };
}

/** How many points wide a module is in a picture: large enough to be printed on a sign. */
const PNG_SCALE = 20;

/** The code as a picture of points. */
export async function qrPng(code: QrCode): Promise<Uint8Array> {
  const { width, data } = qrPixels(code, PNG_SCALE);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = width;
  const image = new ImageData(width, width);
  image.data.set(data);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('the picture could not be made');
  return new Uint8Array(await blob.arrayBuffer());
}

/** From which size on a print of the code is read well, in whole centimetres. */
export function printedCm(code: QrCode): number {
  return Math.max(SMALLEST_CM, Math.ceil((code.length * MODULE_MM) / 10));
}
