// A headless Chromium, Debian's own, and what its pages complain about.

import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Also works as root and without a network, and asks nobody for anything. */
const OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

export function launchChromium() {
    return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: OPTIONS, timeout: 60_000 });
}

/** Requests that the server refuses are failures that the browser writes to the console, and no mistake. */
const REFUSED = /^Failed to load resource: the server responded with a status of (400|401|403|404|409) /;

/** Collects what the pages of a context complain about: errors, warnings, violations of their policy. */
export function complaintsOf(context) {
    const complaints = [];
    context.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !REFUSED.test(message.text())) {
            complaints.push(`${message.type()}: ${message.text()}`);
        }
    });
    context.on("weberror", (error) => complaints.push(`uncaught: ${error.error()?.stack}`));
    return complaints;
}
