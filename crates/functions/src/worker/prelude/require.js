// `require`, for the functions of the same application: by name, or by a path relative to the function.
(function (native) {
  "use strict";
  const loaded = new Map();

  const resolve = (from, path) => {
    if (!path.startsWith("./") && !path.startsWith("../")) return path;
    const parts = from.split("/").slice(0, -1);
    for (const part of path.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== ".") parts.push(part);
    }
    return parts.join("/");
  };

  return (from, depth, asSystem) => (path) => {
    const name = resolve(from, String(path)).replace(/\.js$/, "");
    if (loaded.has(name)) return loaded.get(name);
    if (!native.has(name)) {
      throw new Error(
        `Cannot find module '${path}': functions can require the functions of their application, ` +
          "but no packages and nothing of Node.js",
      );
    }
    // So that functions that require each other come to an end.
    loaded.set(name, undefined);
    loaded.set(name, native.exports(name, depth, asSystem));
    return loaded.get(name);
  };
})
