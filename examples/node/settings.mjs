// Which server, and which of its applications.

import { App } from "keystead-web";

export const app = new App({
    id: process.env.KEYSTEAD_APP_ID ?? "quickstart-abcde",
    baseUrl: process.env.KEYSTEAD_URL ?? "http://localhost:9090",
});

/** What the environment says. Ends the program, with a sentence, if it says nothing. */
export function fromEnvironment(name) {
    const value = process.env[name];
    if (!value) {
        console.error(`Set the environment variable ${name}. README.md says to what.`);
        process.exit(2);
    }
    return value;
}
