// A labelled line of text whose value is kept as the learner types.
let count = 0;

function render({ model, el }) {
  el.classList.add("course-widget");
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.id = `course-text-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  input.type = "text";
  input.autocomplete = "off";
  input.placeholder = model.get("placeholder");
  input.value = model.get("value");
  input.setAttribute("aria-label", model.get("label"));
  label.htmlFor = input.id;
  label.className = "course-question";
  label.textContent = model.get("label");
  const keep = () => { model.set("value", input.value.trim()); model.save_changes(); };
  input.addEventListener("change", keep);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") keep(); });
  const update = () => { if (input.value.trim() !== model.get("value")) input.value = model.get("value"); };
  model.on("change:value", update);
  el.append(label, input);
  return () => model.off("change:value", update);
}

export default { render };
