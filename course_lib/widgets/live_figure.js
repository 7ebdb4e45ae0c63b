// A picture that the kernel draws, and the controls that change it. While a picture is on its
// way only the newest values are remembered, so a fast drag never queues up stale pictures.
function addSlider(spec, input, shown, changed) {
  const digits = (String(spec.step).split(".")[1] || "").length;
  const show = () => { shown.textContent = Number(input.value).toFixed(digits); };
  Object.assign(input, { type: "range", min: spec.low, max: spec.high, step: spec.step });
  input.addEventListener("input", () => { show(); changed(Number(input.value)); });
  return (value) => { input.value = value; show(); };
}

function addSelect(spec, input, shown, changed) {
  for (const option of spec.options) input.add(new Option(option, option));
  input.addEventListener("change", () => changed(input.value));
  return (value) => { input.value = value; };
}

function addControls(model, box, changed) {
  const setters = {};
  for (const spec of model.get("controls")) {
    const isSlider = spec.kind === "slider";
    const label = document.createElement("label");
    const input = document.createElement(isSlider ? "input" : "select");
    const shown = document.createElement("output");
    input.id = label.htmlFor = shown.htmlFor = newId();
    label.append(marked(spec.label));
    const add = isSlider ? addSlider : addSelect;
    setters[spec.name] = add(spec, input, shown, (value) => changed(spec.name, value));
    ownKeys(input);
    box.append(label, input, shown);
  }
  return setters;
}

function render({ model, el }) {
  el.classList.add("course-widget");
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  const question = document.createElement("p");
  question.id = newId();
  question.className = "course-question";
  question.append(marked(model.get("question")));
  group.setAttribute("aria-labelledby", question.id);
  const controls = document.createElement("div");
  controls.className = "course-controls";
  const picture = document.createElement("img");
  const caption = document.createElement("div");
  caption.className = "course-caption";
  caption.setAttribute("aria-live", "polite");
  group.append(question, controls, picture, caption);
  el.append(group);

  let waiting = false; // for the kernel's answer
  let next = null; // the newest values that it has not been asked for
  const send = (values) => {
    waiting = true;
    group.setAttribute("aria-busy", "true");
    model.set("values", values);
    model.save_changes();
  };
  const setters = addControls(model, controls, (name, value) => {
    const values = { ...(next || model.get("values")), [name]: value };
    if (waiting) next = values; else send(values);
  });

  let address = null;
  const show = () => {
    const old = address;
    address = URL.createObjectURL(new Blob([model.get("picture")], { type: "image/png" }));
    picture.onload = () => { if (old) URL.revokeObjectURL(old); };
    picture.src = address;
    picture.alt = caption.textContent = model.get("description");
  };
  const same = (a, b) => Object.keys(a).every((name) => a[name] === b[name]);
  // `answered` counts the kernel's answers: it changes even when the picture does not.
  const answer = () => {
    waiting = false;
    const values = next;
    next = null;
    show();
    if (values && !same(values, model.get("values"))) send(values);
    else group.removeAttribute("aria-busy");
  };
  const showValues = () => {
    if (next) return; // the learner is ahead of the kernel
    for (const [name, value] of Object.entries(model.get("values"))) setters[name]?.(value);
  };
  model.on("change:answered", answer);
  model.on("change:values", showValues);
  showValues();
  show();
  return () => {
    model.off("change:answered", answer);
    model.off("change:values", showValues);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
