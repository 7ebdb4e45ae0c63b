// HTML from the kernel, and a button that asks for it anew.
function render({ model, el }) {
  el.classList.add("course-widget");
  const content = document.createElement("div");
  content.setAttribute("aria-live", "polite");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = model.get("button");
  button.addEventListener("click", () => {
    model.set("pressed", model.get("pressed") + 1);
    model.save_changes();
  });
  const update = () => {
    const open = [...content.querySelectorAll("details")].map((d) => d.open);
    content.innerHTML = model.get("html");
    content.querySelectorAll("details").forEach((d, i) => { d.open = Boolean(open[i]); });
  };
  model.on("change:html", update);
  update();
  el.append(content, button);
  return () => model.off("change:html", update);
}

export default { render };
