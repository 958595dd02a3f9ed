// The TypeScript declarations: complete, and true to what the package exports.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import * as keystead from "../../../target/npm/keystead-web/index.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PROGRAM = here("typings/program.ts");
const DECLARATIONS = here("../../../target/npm/keystead-web/index.d.ts");

/** Types that programs have no reason to name: they are those of a member or of a parameter. */
const NAMED_BY_MEMBERS = /Payload$|^GoogleOptions$|^LocalAppConfiguration$|^\w+Auth$|FunctionsFactory$|^DefaultUserProfileData$/;

function compile(options) {
    const program = ts.createProgram([PROGRAM], {
        strict: true,
        noEmit: true,
        exactOptionalPropertyTypes: true,
        target: ts.ScriptTarget.ES2022,
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        types: [],
        paths: { "keystead-web": [DECLARATIONS] },
        ...options,
    });
    const messages = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
        const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : "";
        return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    assert.deepEqual(messages, []);
}

/** Every name that is exported, and every name of a member. */
function declaredNames() {
    const source = ts.createSourceFile("index.d.ts", readFileSync(DECLARATIONS, "utf8"), ts.ScriptTarget.ES2022);
    const names = new Set();
    const visit = (node) => {
        const isExported = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
        if (node.name && ts.isIdentifier(node.name) && (isExported || ts.isClassElement(node) || ts.isTypeElement(node))) {
            names.add(node.name.text);
        }
        ts.forEachChild(node, visit);
    };
    visit(source);
    return names;
}

describe("the declarations", () => {
    it("compile strictly in a program that bundles", () => {
        compile({ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler });
    });

    it("compile strictly in a program for Node", () => {
        compile({ module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 });
    });

    it("have no member that the program does not use", () => {
        const words = new Set(readFileSync(PROGRAM, "utf8").match(/[\w$]+/g));
        assert.deepEqual([...declaredNames()].filter((name) => !words.has(name) && !NAMED_BY_MEMBERS.test(name)), []);
    });

    it("name what the package exports, and nothing else", () => {
        const source = readFileSync(DECLARATIONS, "utf8");
        const values = [...source.matchAll(/^export declare (?:const|class|enum|function) (\w+)/gm)].map(([, name]) => name);
        assert.deepEqual(values.sort(), Object.keys(keystead).sort());
    });
});
