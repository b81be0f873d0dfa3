/** What a URL or a media type is to look at: `picture`, `video`, `audio`, `json`, `text` or `file`. Pure: no page. */

const ENDINGS = {
  picture: ["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "heic", "tif", "tiff"],
  video: ["mp4", "m4v", "webm", "mov", "mkv", "avi", "flv", "wmv", "asf", "mpg", "mpeg", "ogv", "3gp", "ts"],
  audio: ["mp3", "ogg", "oga", "opus", "m4a", "aac", "wav", "flac", "wma", "aif", "aiff"],
  json: ["json"],
  text: ["txt", "csv", "xml", "srt", "vtt", "md"],
};

/** Return the kind of a URL by its ending, or by the type in a `data:` URL; empty if that tells nothing. */
export function kindOf(url) {
  if (/^data:/i.test(url)) return kindOfType(/^data:([^;,]*)/i.exec(url)[1]);
  const path = /^[a-z]+:\/\/[^/?#]+([^?#]*)/i.exec(url)?.[1] ?? "";
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase();
  return Object.keys(ENDINGS).find((kind) => ENDINGS[kind].includes(ending)) ?? "";
}

/** Return the kind of a media type such as `image/png` or `image/*`; empty if there is none. */
export function kindOfType(type) {
  const [group, name] = String(type ?? "").toLowerCase().split("/");
  if (group === "image") return "picture";
  if (group === "video" || group === "audio") return group;
  if (name === "json" || name?.endsWith("+json")) return "json";
  return group === "text" ? "text" : name ? "file" : "";
}

/** Return the kind that several media types share; empty if they share none. */
export function kindOfTypes(types) {
  const kinds = new Set((Array.isArray(types) ? types : []).map(kindOfType));
  return kinds.size === 1 ? [...kinds][0] : "";
}
