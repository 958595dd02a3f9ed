// Finishes the npm package: `node build.mjs GLUE OUT`, called by `cargo xtask web`. GLUE is the folder that
// wasm-bindgen wrote, OUT becomes the installable package. Fails if what an application loads is too large.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Everything an application loads, minified, through gzip -9. */
const LIMIT_BYTES = 24 * 1024;

/** What every browser of the last years has; asking for more would let the optimiser use it. */
const FEATURES = ["bulk-memory", "reference-types", "multivalue", "sign-ext", "nontrapping-float-to-int", "mutable-globals"].map(
    (feature) => `--enable-${feature}`,
);

const here = dirname(fileURLToPath(import.meta.url));
const [glue, out] = process.argv.slice(2);

const optimised = join(glue, "optimised.wasm");
const renamed = JSON.parse(
    execFileSync(join(here, "node_modules/binaryen/bin/wasm-opt"), [
        ...FEATURES,
        ...["--minify-imports-and-exports-and-modules", "--traps-never-happen", "--low-memory-unused"],
        ...["--flatten", "--rereloop", "-Oz", "-Oz"],
        ...["--strip-debug", "--strip-producers", "--strip-target-features"],
        ...[join(glue, "keystead_bg.wasm"), "-o", optimised],
    ]),
);

const ENUM = /export const (\w+) = Object\.freeze\(\{(.*?)\}\);/gs;

/** What wasm-bindgen writes for programs that this is not: each must be there, or its version has changed. */
const NEVER_USED = [
    // Imports that may be missing: these are in `js/json.js`.
    [/typeof (Json\.\w+) == 'function' \? \1 : notDefined\('\1'\)/g, "$1"],
    // Other ways to call `initSync`: `js/core.js` is the only caller.
    [/ {4}if \(module !== undefined\) \{\n.*?\n {4}\}\n/s, ""],
    [/ {4}if \(!\(module instanceof WebAssembly\.Module\)\) \{\n(.*?)\n {4}\}\n/s, "$1\n"],
    // A memory that cannot grow.
    [/ {4}if \(realloc === undefined\) \{\n.*?\n {4}\}\n/s, ""],
];

/** wasm-bindgen's JavaScript, with the short names that the optimiser gave to what crosses the border. */
function shortened(text) {
    for (const [what, replacement] of NEVER_USED) {
        if (text.search(what) < 0) {
            throw new Error(`wasm-bindgen does not write ${what} any more: look at NEVER_USED in build.mjs`);
        }
        text = text.replace(what, replacement);
    }
    for (const [module, from, to] of renamed.imports) {
        text = text.replaceAll(`${from}:`, `${to}:`).replaceAll(`"${module}"`, '"a"');
    }
    for (const [from, to] of renamed.exports) {
        text = text.replaceAll(new RegExp(`\\bwasm\\.${from}\\b`, "g"), `wasm.${to}`);
    }
    return text.replaceAll(ENUM, "");
}

/** `Act.LogIn` and its like, as the numbers that Rust gave them: written into the script, they cost nothing. */
function constants(text) {
    const constants = {};
    for (const [, name, body] of text.matchAll(ENUM)) {
        for (const [, member, number] of body.matchAll(/^ {4}(\w+): (\d+),/gm)) {
            constants[`${name}.${member}`] = number;
        }
    }
    return constants;
}

/**
 * Bytes as a string of ASCII characters, which `js/core.js` reads: most bytes are one character, those from 124
 * on two. That compresses better than base64, and reads the same in whatever encoding a page is taken for. All
 * bytes are first exclusive-ored with what makes the result smallest.
 */
function asScript(bytes) {
    // As esbuild will write them, so that sizes can be compared.
    const escapes = { 0: "\\x00", 7: "\\x07", 8: "\\b", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" };
    const characters = (byte) => (byte < 124 ? [byte] : [124 + Math.floor(byte / 124), byte % 124]);
    const script = (mask) => {
        const codes = [...bytes].flatMap((byte) => characters(byte ^ mask));
        const text = codes.map((code) => escapes[code] ?? String.fromCharCode(code)).join("");
        return `export const mask = ${mask}; export const text = "${text}";`;
    };
    const scripts = Array.from({ length: 256 }, (_, mask) => script(mask));
    const smallest = (a, b) => (gzip(b) < gzip(a) ? b : a);
    return scripts.reduce(smallest);
}

function gzip(data) {
    return gzipSync(data, { level: 9 }).length;
}

const inside = {
    name: "inside",
    setup({ onResolve, onLoad }) {
        onResolve({ filter: /^glue$/ }, () => ({ path: join(glue, "keystead.js") }));
        onLoad({ filter: /glue\/keystead\.js$/ }, ({ path }) => ({ contents: shortened(readFileSync(path, "utf8")) }));
        onResolve({ filter: /^wasm$/ }, () => ({ path: "wasm", namespace: "wasm" }));
        onLoad({ filter: /.*/, namespace: "wasm" }, () => ({
            contents: asScript(readFileSync(optimised)),
        }));
    },
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
cpSync(join(here, "package"), out, { recursive: true });
// TypeScript takes the declarations of an ES module and of a CommonJS one for two things.
cpSync(join(out, "index.d.ts"), join(out, "index.d.cts"));
const { version } = JSON.parse(readFileSync(join(here, "package/package.json")));
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    cpSync(join(here, "../..", licence), join(out, licence));
}
for (const [format, name] of [
    ["esm", "index.mjs"],
    ["cjs", "index.cjs"],
]) {
    await build({
        entryPoints: [join(here, "js/index.js")],
        outfile: join(out, name),
        bundle: true,
        minify: true,
        format,
        target: "es2022",
        define: { ...constants(readFileSync(join(glue, "keystead.js"), "utf8")), VERSION: JSON.stringify(version) },
        logOverride: { "empty-import-meta": "silent" },
        plugins: [inside],
    });
}

const size = gzip(readFileSync(join(out, "index.mjs")));
const wasm = readFileSync(optimised);
const kilobytes = (bytes) => (bytes / 1024).toFixed(1);
console.log(
    `keystead-web: ${kilobytes(size)} KB (gzip) is what an application loads, ` +
        `${kilobytes(gzip(wasm))} KB of it WebAssembly (${wasm.length} bytes before gzip)`,
);
if (size > LIMIT_BYTES) {
    console.error(`That is more than ${LIMIT_BYTES / 1024} KB.`);
    process.exit(1);
}
