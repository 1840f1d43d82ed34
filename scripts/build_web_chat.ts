// Puts the web chat's page into dist/, with its script bundled: a package that is installed has no bundler.
// `npm run build` runs it behind the compiler.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { bundleClient } from "../samples/web_chat/bundle.ts";
import { root } from "./tree.ts";

const from = `${root}samples/web_chat/page/`;
const to = `${root}dist/samples/web_chat/page/`;

mkdirSync(to, { recursive: true });
for (const name of ["index.html", "style.css", "icon.svg"]) copyFileSync(`${from}${name}`, `${to}${name}`);
writeFileSync(`${to}client.js`, await bundleClient());
