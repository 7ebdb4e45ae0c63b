// JupyterLab takes arrow keys, space and letters for itself wherever no text is written, so a
// slider or a list of options has to ask for them. The attribute must stand on the control:
// JupyterLab's selectors match the control itself before they look at what is around it.
// While Ctrl, ⌘ or Shift is down it is lifted, so that Ctrl+S and Shift+Enter still work.
function ownKeys(control) {
  const ask = (event) => control.toggleAttribute(
    "data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey || event.shiftKey));
  for (const kind of ["focus", "keydown", "keyup"]) control.addEventListener(kind, ask);
  control.setAttribute("data-lm-suppress-shortcuts", "");
}

function marked(text) { // text in backticks becomes code
  const out = document.createElement("span");
  text.split("`").forEach((part, i) => {
    const node = document.createElement(i % 2 ? "code" : "span");
    node.textContent = part;
    out.append(node);
  });
  return out;
}

let count = 0;
function newId() { // names and ids must differ between all widgets of a page
  return `course-${++count}-${Math.random().toString(36).slice(2, 8)}`;
}
