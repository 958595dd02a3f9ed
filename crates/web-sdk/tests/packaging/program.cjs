// Node, CommonJS: `require` and the constructor, in one tick. Prints what the program brought.

let tickIsOver = false;
queueMicrotask(() => (tickIsOver = true));

const Realm = require("keystead-web");
new Realm.App("quickstart-abcde");
if (tickIsOver) {
    throw new Error("the constructor had to wait");
}

import("./program.mjs").then(async ({ program }) => {
    console.log(JSON.stringify(await program(Realm, process.argv[2])));
});
