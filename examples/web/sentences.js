// What the page says when something fails.

const SENTENCES = {
    InvalidPassword: "This email address and this password do not belong together.",
    AccountNameInUse: "There is an account with this email address already: log in instead.",
};

/** A sentence for people: the action's own, the page's own, or what the server said. */
export function sentence(error, own = {}) {
    const code = error.errorCode;
    const text = own[code] ?? SENTENCES[code] ?? (error.error || error.message);
    return text[0].toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".");
}
