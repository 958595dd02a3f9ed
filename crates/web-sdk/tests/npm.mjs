// Folders of their own outside the repository, in which npm installs what it would install for an application.

import { execFile } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Makes a folder. `remove` takes it away with everything in it. */
export async function temporaryFolder() {
    const path = await realpath(await mkdtemp(join(tmpdir(), "keystead-web-")));
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs a program to its end, and returns what it wrote. Fails, with everything it said, if that failed. */
export async function run(program, args, { cwd, env = {} }) {
    const options = { cwd, env: { ...process.env, ...env }, timeout: 120_000 };
    const running = promisify(execFile)(program, args, options);
    running.child.stdin.end();
    const { stdout } = await running.catch((error) => {
        throw new Error(`${program} ${args.join(" ")}: ${error.message}\n${error.stdout}\n${error.stderr}`);
    });
    return stdout;
}

/** Runs npm without a network, and with an empty cache, so that nothing but local files can be found. */
export function npm(args, cwd) {
    const env = {
        npm_config_cache: join(cwd, ".npm-cache"),
        npm_config_offline: "true",
        npm_config_audit: "false",
        npm_config_fund: "false",
        npm_config_update_notifier: "false",
    };
    return run("npm", args, { cwd, env });
}
