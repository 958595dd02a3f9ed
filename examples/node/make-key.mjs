// Makes a key for the user of KEYSTEAD_EMAIL and KEYSTEAD_PASSWORD, who is registered if need be. The key is all
// that goes to the standard output, so that it can be piped to where secrets are kept: it cannot be shown again.

import { Credentials } from "keystead-web";
import { app, fromEnvironment } from "./settings.mjs";

const email = fromEnvironment("KEYSTEAD_EMAIL");
const password = fromEnvironment("KEYSTEAD_PASSWORD");
const name = process.argv[2] ?? "my-service";

try {
    await app.emailPasswordAuth.registerUser({ email, password }).catch((error) => {
        if (error.errorCode !== "AccountNameInUse") {
            throw error;
        }
    });
    const user = await app.logIn(Credentials.emailPassword(email, password));
    const { key } = await user.apiKeys.create(name);
    const keys = await user.apiKeys.fetchAll();
    await user.logOut();
    console.log(key);
    console.error(`${email} has these keys now: ${keys.map((each) => each.name).join(", ")}.`);
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
