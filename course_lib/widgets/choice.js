// Radio buttons in a fieldset; with feedback, the reason for the chosen option is shown below.
function render({ model, el }) {
  el.classList.add("course-widget");
  const name = newId();
  const box = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.className = "course-question";
  legend.append(marked(model.get("label")));
  box.append(legend);
  const reason = document.createElement("div");
  reason.className = "course-reason";
  reason.setAttribute("aria-live", "polite");
  const inputs = [];
  for (const [value, text] of model.get("options")) {
    const label = document.createElement("label");
    label.className = "course-option";
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value });
    input.addEventListener("change", () => { model.set("value", value); model.save_changes(); });
    ownKeys(input);
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
  if (Object.keys(model.get("feedback")).length) box.append(reason);
  el.append(box);
  return () => model.off("change:value", update);
}

export default { render };
