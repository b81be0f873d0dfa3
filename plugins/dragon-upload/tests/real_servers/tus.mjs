// The reference server of tus 1.0, as its own page starts it.
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

new Server({ path: "/files", datastore: new FileStore({ directory: process.env.FILES }) }).listen(
  { host: "127.0.0.1", port: Number(process.env.PORT) },
);
