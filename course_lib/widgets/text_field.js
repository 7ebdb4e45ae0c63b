// A labelled line of text whose value is kept as the learner types.
function render({ model, el }) {
  el.classList.add("course-widget");
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.id = newId();
  input.type = "text";
  input.autocomplete = "off";
  input.placeholder = model.get("placeholder");
  input.value = model.get("value");
  label.htmlFor = input.id;
  label.className = "course-question";
  label.append(marked(model.get("label")));
  // At every key, not only when the field is left: running the next cell must find the guess.
  input.addEventListener("input", () => {
    model.set("value", input.value.trim());
    model.save_changes();
  });
  const update = () => {
    if (document.activeElement !== input) input.value = model.get("value");
  };
  model.on("change:value", update);
  el.append(label, input);
  return () => model.off("change:value", update);
}

export default { render };
