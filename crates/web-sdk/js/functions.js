// Calling the application's functions: by name, or as methods of `user.functions`.

import { deserialize, serialize } from "./ejson.js";

// Names that cannot be functions of an application, because every object has them or promises ask for them.
const RESERVED = new Set(["inspect", "callFunction", "callFunctionStreaming", ...Object.getOwnPropertyNames(Object.prototype)]);

export function functions(run) {
    const callFunction = async (name, ...args) => deserialize(await run(Act.CallFunction, name, args.map(serialize)));
    const factory = {
        callFunction,
        callFunctionStreaming() {
            throw new Error("Keystead does not stream the results of functions. Use callFunction.");
        },
    };
    return new Proxy(factory, {
        get: (target, name) =>
            typeof name === "string" && !RESERVED.has(name) ? (...args) => callFunction(name, ...args) : target[name],
    });
}
