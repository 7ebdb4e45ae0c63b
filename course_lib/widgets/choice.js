// Radio buttons in a fieldset; with feedback, the reason for the chosen option is shown below.
let count = 0;

function marked(text) { // text in backticks becomes code
  const out = document.createElement("span");
  text.split("`").forEach((part, i) => {
    const node = i % 2 ? document.createElement("code") : document.createTextNode(part);
    if (i % 2) node.textContent = part;
    out.append(node);
  });
  return out;
}

function render({ model, el }) {
  el.classList.add("course-widget");
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  const name = `course-choice-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  const box = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.className = "course-question";
  legend.append(marked(model.get("label")));
  box.append(legend);
  const reason = document.createElement("div");
  reason.setAttribute("aria-live", "polite");
  const inputs = [];
  for (const [value, text] of model.get("options")) {
    const label = document.createElement("label");
    label.className = "course-option";
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value });
    input.addEventListener("change", () => { model.set("value", value); model.save_changes(); });
    label.append(input, marked(text));
    inputs.push(input);
    box.append(label);
  }
  const update = () => {
    const value = model.get("value");
    for (const input of inputs) input.checked = input.value === value;
    reason.innerHTML = model.get("feedback")[value] || "";
  };
  model.on("change:value", update);
  update();
  box.append(reason);
  el.append(box);
  return () => model.off("change:value", update);
}

export default { render };
