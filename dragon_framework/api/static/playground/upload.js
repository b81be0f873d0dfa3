/**
 * A field for a file: a URL to type, a file to choose, or one to drop. A file goes to the service's inputs and becomes a URL.
 */

import { button, make } from "./dom.js";
import { kindOf } from "./media.js";

/** Return *control* with a button for a file and a place to drop one; several files where the field is a list. */
export function withUpload(control, { service, tell }, field) {
  const several = field.shape.kind === "list";
  const source = several ? field.shape.items : field.shape;
  const types = source.schema["x-media-types"];
  const picker = make("input", { type: "file", multiple: several, hidden: true, tabIndex: -1, "aria-hidden": "true" });
  if (Array.isArray(types)) picker.accept = types.join(",");
  const choose = button(several ? "Choose files" : "Choose file", () => picker.click(), { className: "choose" });
  choose.setAttribute("aria-label", `${choose.textContent} for ${field.label ?? field.name}`);
  const preview = make("div", { className: "preview", hidden: true });
  const bar = make("progress", { max: 100, hidden: true, "aria-label": "Upload" });
  const area = make("div", { className: several ? "drop several" : "drop" }, control, choose, picker, bar, preview);

  const take = async (files) => {
    for (const file of several ? files : [...files].slice(0, 1)) {
      tell(`Uploading ${file.name} …`);
      bar.hidden = false;
      choose.disabled = true;
      try {
        const url = await service.upload(file, (percent) => { bar.value = percent; });
        control.value = several && control.value.trim() ? `${control.value.trim()}\n${url}` : url;
        control.dispatchEvent(new Event("input", { bubbles: true }));
        tell(`${file.name} is uploaded.`);
      } catch (error) {
        tell(`${file.name} was not uploaded. ${error.message}`, error);
        break;
      } finally {
        bar.hidden = true;
        choose.disabled = false;
      }
    }
    show();
  };
  const show = () => {
    const urls = control.value.split("\n").map((line) => line.trim()).filter((url) => kindOf(url) === "picture" && isOurs(url));
    preview.replaceChildren(...urls.slice(0, 12).map((url) => make("img", { src: url, alt: "", loading: "lazy" })));
    preview.hidden = !urls.length;
  };
  picker.addEventListener("change", async () => {
    await take([...picker.files]);
    picker.value = "";
  });
  for (const kind of ["change", "written"]) control.addEventListener(kind, show);
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", (event) => { if (!area.contains(event.relatedTarget)) area.classList.remove("over"); });
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    area.classList.remove("over");
    const text = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
    else if (text) {
      control.value = several && control.value.trim() ? `${control.value.trim()}\n${text.trim()}` : text.trim();
      control.dispatchEvent(new Event("input", { bubbles: true }));
      show();
    }
  });
  return area;
}

/** Whether a URL is one of this service: others are not loaded before somebody asks. */
function isOurs(url) {
  return url.startsWith(`${location.origin}/`) || url.startsWith("data:image/");
}
