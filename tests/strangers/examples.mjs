// What Meta's printed examples need before they can be posted, and which cannot be taken as printed.

const media = 'a media id has digits only, and the example prints a placeholder';
const link = 'a link needs a host, and the example prints a placeholder';
const template = 'a template name has a-z, 0-9 and _ only, and the language is a locale: such a template cannot exist';

// As printed these are refused; everything else is taken. Templates, flows, products and media are
// not looked up, so an example whose names are well formed passes although nothing stands behind it.
export const refusals = {
  'Send Audio Message by ID': { code: 100, why: media },
  'Send Audio Message by URL': { code: 100, why: link },
  'Send Document Message by ID': { code: 100, why: media },
  'Send Document Message by URL': { code: 100, why: link },
  'Send Flow Template Message': { code: 132001, why: template },
  'Send Image Message by ID': { code: 100, why: media },
  'Send Image Message by URL': { code: 100, why: link },
  'Send Message Template Interactive': { code: 132001, why: template },
  'Send Message Template Media': { code: 132001, why: template },
  'Send Message Template Text': { code: 132001, why: template },
  'Send Multi-Product Message': { code: 100, why: 'the header type is a placeholder' },
  'Send Reply to Audio Message by ID': { code: 100, why: media },
  'Send Reply to Audio Message by URL': { code: 100, why: link },
  'Send Reply to Document Message by ID': { code: 100, why: media },
  'Send Reply to Document Message by URL': { code: 100, why: link },
  'Send Reply to Image Message by ID': { code: 100, why: media },
  'Send Reply to Image Message by URL': { code: 100, why: link },
  'Send Reply to List Message': { code: 131008, why: 'without a type a message is a text, and this one has none' },
  'Send Reply to Sticker Message by ID': { code: 100, why: media },
  'Send Reply to Sticker Message by URL': { code: 100, why: link },
  'Send Reply to Video Message by ID': { code: 100, why: media },
  'Send Reply to Video Message by URL': { code: 100, why: link },
  'Send Sample Shipping Confirmation Template': { code: 132001, why: template },
  'Send Sample Text Message': { code: 132001, why: template },
  'Send Sticker Message by ID': { code: 100, why: media },
  'Send Sticker Message by URL': { code: 100, why: link },
  'Send Video Message by ID': { code: 100, why: media },
  'Send Video Message by URL': { code: 100, why: link },
};

// Puts in the recipient and a message id that exists; with `all`, whatever else is a placeholder.
export function filled(request, { to, wamid, all }) {
  const walk = (value, key, parent) => {
    if (Array.isArray(value)) return value.map((item) => walk(item, key, parent));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name, key)]));
    }
    if (key === 'to') return to;
    if (key === 'message_id') return wamid;
    if (!all || typeof value !== 'string') return value;
    if (key === 'link') return 'https://example.com/file';
    if (key === 'id' && ['audio', 'image', 'video', 'document', 'sticker'].includes(parent)) return '1037543291543636';
    if (key === 'type' && value === '<HEADER_TYPE>') return 'text';
    if (key === 'name' && parent === 'template') return 'order_ready';
    if (key === 'code' && parent === 'language') return 'en_US';
    return value;
  };
  const made = walk(request);
  if (all && made.interactive && made.type === undefined) made.type = 'interactive';
  return made;
}
