// Looks at the page as it stands and answers with what somebody would stumble over who uses a screen
// reader, the keyboard, a narrow window or large text. Runs in the real window; `axe` is there already.
const [withAxe, done] = arguments;

const width = window.innerWidth;
const height = window.innerHeight;
const findings = [];

const CONTROLS =
  'button, a[href], input, select, textarea, summary, [role="button"], [role="option"], [tabindex="0"]';
/** What may lie over the page on purpose: it is closed by Esc, or goes by itself. */
const OVER = '[data-popover], [data-over], [data-testid="toast"]';

function path(element) {
  const parts = element === document.body ? ["body"] : [];
  for (
    let at = element;
    at !== null && at !== document.body && parts.length < 4;
    at = at.parentElement
  ) {
    const testid = at.dataset.testid;
    const label = at.getAttribute("aria-label");
    const classes = [...at.classList]
      .filter((name) => !name.startsWith("svelte-"))
      .join(".");
    parts.unshift(
      at.localName +
        (classes && `.${classes}`) +
        (testid ? `[${testid}]` : "") +
        (label ? `(${label})` : ""),
    );
    if (testid) break;
  }
  return parts.join(" > ");
}

function isShown(element) {
  return (
    element.checkVisibility({
      opacityProperty: true,
      visibilityProperty: true,
    }) && element.closest("[inert], .unseen") === null
  );
}

/** Only a dialog is there while one is open. */
const modal = [...document.querySelectorAll("dialog")]
  .filter((one) => one.matches(":modal"))
  .at(-1);
const scope = modal ?? document.body;

/** Along one axis: whether what goes beyond a box is cut off there, or can be scrolled to. */
function clips(style, axis) {
  const overflow = axis === "x" ? style.overflowX : style.overflowY;
  if (overflow === "hidden" || overflow === "clip") return "cut";
  return overflow === "visible" ? null : "scrolls";
}

function lookAtPage() {
  const beyond = Math.max(
    document.documentElement.scrollWidth - width,
    document.body.scrollWidth - document.body.clientWidth,
  );
  if (beyond > 1)
    findings.push(`the page is ${beyond} px wider than the window`);
  for (const box of scope.querySelectorAll("*")) {
    const by = box.scrollWidth - box.clientWidth;
    if (
      by <= 2 ||
      !/auto|scroll/u.test(getComputedStyle(box).overflowX) ||
      !isShown(box)
    )
      continue;
    // A table or tabs that the keyboard scrolls are meant to be.
    if (box.tabIndex >= 0 || box.matches('[role="tablist"]')) continue;
    findings.push(`${path(box)} has to be scrolled by ${by} px to the side`);
  }
}

/** Whether a point of the page belongs to a control, or to what was put over everything on purpose. */
function belongs(hit, control) {
  if (hit === null) return false;
  if (
    control.contains(hit) ||
    (hit.contains(control) && hit.localName === "label")
  )
    return true;
  if (hit.closest("label")?.control === control) return true;
  const over = hit.closest(OVER);
  return over !== null && !over.contains(control);
}

function lookAtControls() {
  for (const control of scope.querySelectorAll(CONTROLS)) {
    if (!control.isConnected || !isShown(control) || control.type === "hidden")
      continue;
    control.scrollIntoView({
      block: "center",
      inline: "center",
      behavior: "instant",
    });
    const box = control.getClientRects()[0];
    // What is drawn by its label is looked at by its label.
    if (box === undefined || box.width <= 1 || box.height <= 1) continue;
    if (box.left < -1 || box.right > width + 1) {
      findings.push(
        `${path(control)} lies beyond the window: ${Math.round(box.left)} to ${Math.round(box.right)} px`,
      );
      continue;
    }
    const x = Math.min(box.left + box.width / 2, width - 1);
    const y = box.top + Math.min(box.height / 2, height / 2);
    const hit = document.elementFromPoint(x, y);
    if (!belongs(hit, control)) {
      findings.push(
        `${path(control)} cannot be pointed at: ${hit === null ? "outside of the window" : `under ${path(hit)}`}`,
      );
      continue;
    }
    for (
      let box = control.parentElement;
      box !== null;
      box = box.parentElement
    ) {
      const style = getComputedStyle(box);
      for (const axis of ["x", "y"]) {
        const by = axis === "x" ? box.scrollLeft : box.scrollTop;
        if (by > 1 && clips(style, axis) === "cut") {
          findings.push(
            `${path(control)} lies beyond ${path(box)}, which does not scroll (${axis})`,
          );
          box.scrollLeft = 0;
          box.scrollTop = 0;
        }
      }
    }
  }
}

/** Texts that are cut off where nothing says so. */
function lookAtTexts() {
  const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (node.data.trim() === "" || parent === null || !isShown(parent))
      continue;
    if (/^(?:SCRIPT|STYLE|OPTION|TEXTAREA)$/u.test(parent.nodeName)) continue;
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    if (text.width === 0) continue;
    let [isX, isY, isPlaced] = [true, true, false];
    for (
      let box = parent;
      box !== null && (isX || isY);
      box = box.parentElement
    ) {
      const style = getComputedStyle(box);
      if (style.position === "fixed") isX = isY = false;
      const edge = box.getBoundingClientRect();
      // What only listeners meet.
      if (edge.width <= 1 || edge.height <= 1) break;
      const words = JSON.stringify(node.data.trim().slice(0, 40));
      const isEllipsis =
        style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
      if (isX && clips(style, "x") !== null) {
        const by = Math.max(text.right - edge.right, edge.left - text.left);
        if (clips(style, "x") === "cut" && by > 2 && !isEllipsis) {
          findings.push(
            `${words} is cut off by ${Math.round(by)} px at the side of ${path(box)}`,
          );
        }
        isX = false;
      }
      if (isY && clips(style, "y") !== null) {
        const by = Math.max(text.bottom - edge.bottom, edge.top - text.top);
        // The box of a letter is higher than what is drawn of it.
        if (clips(style, "y") === "cut" && by > 4 && !isEllipsis) {
          findings.push(
            `${words} is cut off by ${Math.round(by)} px at the end of ${path(box)}`,
          );
        }
        isY = false;
      }
      // A counter at its corner goes beyond it on purpose.
      isPlaced ||= style.position === "absolute";
      if (
        !isPlaced &&
        box.matches('button, [role="option"], label, a') &&
        (isX || isY)
      ) {
        const by = Math.max(
          isX ? Math.max(text.right - edge.right, edge.left - text.left) : 0,
          isY ? Math.max(text.bottom - edge.bottom, edge.top - text.top) : 0,
        );
        if (by > 3 && style.display !== "inline") {
          findings.push(
            `${words} goes ${Math.round(by)} px beyond ${path(box)}`,
          );
          break;
        }
      }
    }
  }
}

/** Whether it is a list below a field: arrow keys in the field scroll it, which has the focus throughout. */
function isWalkedFromField(element) {
  const field = document.activeElement;
  return (
    element.role === "listbox" &&
    element.id !== "" &&
    field?.getAttribute("aria-controls") === element.id &&
    field.hasAttribute("aria-activedescendant")
  );
}

/** Whether something that is open lies over a part of it: that is closed first. */
function isPartlyCovered(element) {
  const box = element.getBoundingClientRect();
  return [...document.querySelectorAll(OVER)].some((one) => {
    const over = one.getBoundingClientRect();
    return (
      !one.contains(element) &&
      over.left < box.right &&
      over.right > box.left &&
      over.top < box.bottom &&
      over.bottom > box.top
    );
  });
}

async function askAxe() {
  // What fades in is judged once it is there.
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  const { violations } = await window.axe.run(document, {
    runOnly: {
      type: "tag",
      values: [
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice",
      ],
    },
    resultTypes: ["violations"],
    elementRef: true,
    preload: false,
  });
  for (const { id, impact, nodes } of violations) {
    for (const { element, target, failureSummary } of nodes) {
      if (id === "scrollable-region-focusable" && isWalkedFromField(element)) {
        continue;
      }
      if (id === "target-size" && isPartlyCovered(element)) continue;
      const where =
        element instanceof Element ? path(element) : target.join(" ");
      const why = (failureSummary ?? "")
        .split("\n")
        .slice(1)
        .map((line) => line.trim())
        .join("; ");
      findings.push(`axe ${id} (${impact}): ${where}: ${why}`);
    }
  }
}

function keepPlaces() {
  const all = [...document.querySelectorAll("*")].filter(
    (one) => one.scrollTop || one.scrollLeft,
  );
  const places = all.map((one) => [one, one.scrollTop, one.scrollLeft]);
  return () => {
    for (const [one, top, left] of places)
      one.scrollTo({ top, left, behavior: "instant" });
  };
}

async function look() {
  if (withAxe) await askAxe();
  const putBack = keepPlaces();
  lookAtPage();
  lookAtTexts();
  lookAtControls();
  putBack();
}

look().then(
  () => done({ findings: [...new Set(findings)] }),
  (error) => done({ error: String(error?.stack ?? error) }),
);
