// A server of Google's resumable protocol; what it answers at the end is what YouTube answers.
import http from "node:http";
import { DiskStorage, Uploadx } from "@uploadx/core";

const path = "/upload/youtube/v3/videos";
const storage = new DiskStorage({
  directory: process.env.FILES,
  path,
  baseUrl: process.env.BASE,
  allowMIME: ["video/*", "application/octet-stream"],
  maxUploadSize: "1GB",
  onComplete: (file) => ({
    statusCode: 200,
    headers: {},
    body: { kind: "youtube#video", id: file.id.slice(0, 11), status: { uploadStatus: "uploaded" } },
  }),
});
const uploads = new Uploadx({ storage });
// It compares the beginning of an id with its user's; there are no users here.
uploads.getAndVerifyId = async (request) => uploads.getId(request);

http
  .createServer((request, response) => {
    if (request.url.startsWith(path)) {
      uploads.handle(request, response);
    } else {
      response.writeHead(404).end();
    }
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
