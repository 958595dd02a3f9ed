// Node, ESM. Prints what the program brought.

import * as Realm from "keystead-web";
import { program } from "./program.mjs";

console.log(JSON.stringify(await program(Realm, process.argv[2])));
