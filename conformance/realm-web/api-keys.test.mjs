// "Users can create and manage their own API keys", sentence by sentence.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startServer } from "./server.mjs";
import { logInByKey, newApp, newUser, refused, unauthorized } from "./support.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

const notFound = [404, "APIKeyNotFound", "API key not found"];
const someId = "5f60f0f0f0f0f0f0f0f0f0f0";

/** As it is listed: without the secret. */
function listed({ _id, name, disabled }, changed = {}) {
    return { _id, name, disabled, ...changed };
}

describe("creating a key", () => {
    it("shows its id, secret, name and state, and nothing else", async () => {
        const user = await newUser(newApp(server));
        const created = await user.apiKeys.create("my-key_1");
        assert.deepEqual(Object.keys(created).sort(), ["_id", "disabled", "key", "name"]);
        assert.match(created._id, /^[0-9a-f]{24}$/);
        assert.match(created.key, /^ks_user_[0-9A-Za-z]{51}$/);
        assert.equal(created.name, "my-key_1");
        assert.equal(created.disabled, false);
    });

    it("shows the secret once", async () => {
        const user = await newUser(newApp(server));
        const created = await user.apiKeys.create("once");
        await user.apiKeys.disable(created._id);
        await user.apiKeys.enable(created._id);
        const seenLater = [await user.apiKeys.fetch(created._id), await user.apiKeys.fetchAll()];
        assert.ok(!JSON.stringify(seenLater).includes(created.key));
        assert.ok(!JSON.stringify(seenLater).includes('"key"'));
    });

    it("makes another secret each time", async () => {
        const user = await newUser(newApp(server));
        const keys = await Promise.all(["a", "b", "c"].map((name) => user.apiKeys.create(name)));
        assert.equal(new Set(keys.map(({ key }) => key)).size, 3);
        assert.equal(new Set(keys.map(({ _id }) => _id)).size, 3);
    });
});

describe("the name of a key", () => {
    it("is unique among the user's keys", async () => {
        const user = await newUser(newApp(server));
        const first = await user.apiKeys.create("same");
        await refused(user.apiKeys.create("same"), 409, "APIKeyAlreadyExists");
        await user.apiKeys.disable(first._id);
        await refused(user.apiKeys.create("same"), 409, "APIKeyAlreadyExists");
        assert.equal((await user.apiKeys.fetchAll()).length, 1);
        assert.equal((await user.apiKeys.create("SAME")).name, "SAME");
    });

    it("may be another user's too", async () => {
        const [one, other] = [await newUser(newApp(server)), await newUser(newApp(server))];
        assert.equal((await one.apiKeys.create("shared")).name, "shared");
        assert.equal((await other.apiKeys.create("shared")).name, "shared");
    });

    it("is free again once its key is deleted", async () => {
        const user = await newUser(newApp(server));
        const first = await user.apiKeys.create("again");
        await user.apiKeys.delete(first._id);
        const second = await user.apiKeys.create("again");
        assert.notEqual(second._id, first._id);
        await refused(logInByKey(server, first.key), ...unauthorized);
        await logInByKey(server, second.key);
    });

    it("has one winner when many ask for it at once", async () => {
        const user = await newUser(newApp(server));
        const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => user.apiKeys.create("race")));
        const lost = outcomes.filter(({ status }) => status === "rejected");
        assert.deepEqual(lost.map(({ reason }) => reason.errorCode), Array(7).fill("APIKeyAlreadyExists"));
        assert.equal((await user.apiKeys.fetchAll()).length, 1);
    });

    it("has ASCII letters, digits, underscores and hyphens", async () => {
        const user = await newUser(newApp(server));
        const sentence = "can only contain ASCII letters, numbers, underscores, and hyphens";
        for (const name of ["a b", "ä", "a.b", "a/b", "%", "a\n", "\0", "🗝", " ", "n".repeat(65)]) {
            await refused(user.apiKeys.create(name), 400, "InvalidParameter", sentence);
        }
        for (const name of ["a", "-", "_", "0", "null", "Az09_-", "n".repeat(64)]) {
            assert.equal((await user.apiKeys.create(name)).name, name);
        }
    });

    it("is required, and a string", async () => {
        const user = await newUser(newApp(server));
        for (const name of ["", undefined, null, 7, true, { a: "b" }, ["a"]]) {
            await refused(user.apiKeys.create(name), 400, undefined, "'name' is a required string");
        }
        assert.deepEqual(await user.apiKeys.fetchAll(), []);
        assert.ok(user.isLoggedIn);
    });
});

describe("listing and fetching keys", () => {
    it("shows exactly id, name and state, oldest first", async () => {
        const user = await newUser(newApp(server));
        assert.deepEqual(await user.apiKeys.fetchAll(), []);
        const keys = [];
        for (const name of ["z", "a", "m"]) {
            keys.push(await user.apiKeys.create(name));
        }
        await user.apiKeys.disable(keys[1]._id);
        const expected = [listed(keys[0]), listed(keys[1], { disabled: true }), listed(keys[2])];
        assert.deepEqual(await user.apiKeys.fetchAll(), expected);
        for (const key of expected) {
            assert.deepEqual(await user.apiKeys.fetch(key._id), key);
        }
    });

    it("knows neither unknown keys nor what is no id", async () => {
        const user = await newUser(newApp(server));
        for (const id of [someId, "no-id", `${someId}00`, "%00", "..%2f"]) {
            await refused(user.apiKeys.fetch(id), ...notFound);
        }
        assert.ok(user.isLoggedIn);
    });
});

describe("enabling and disabling a key", () => {
    it("changes nothing else, and may be repeated", async () => {
        const user = await newUser(newApp(server));
        const key = await user.apiKeys.create("switch");
        for (const [action, disabled] of [
            ["enable", false],
            ["disable", true],
            ["disable", true],
            ["enable", false],
            ["enable", false],
        ]) {
            await user.apiKeys[action](key._id);
            assert.deepEqual(await user.apiKeys.fetch(key._id), listed(key, { disabled }), action);
        }
    });

    it("is refused for a key that does not exist", async () => {
        const user = await newUser(newApp(server));
        await refused(user.apiKeys.enable(someId), ...notFound);
        await refused(user.apiKeys.disable(someId), ...notFound);
    });
});

describe("deleting a key", () => {
    it("removes it, and only it", async () => {
        const user = await newUser(newApp(server));
        const [kept, deleted] = [await user.apiKeys.create("kept"), await user.apiKeys.create("deleted")];
        await user.apiKeys.delete(deleted._id);
        assert.deepEqual(await user.apiKeys.fetchAll(), [listed(kept)]);
        for (const action of ["fetch", "enable", "disable", "delete"]) {
            await refused(user.apiKeys[action](deleted._id), ...notFound);
        }
        await logInByKey(server, kept.key);
    });
});

describe("another user's key", () => {
    it("is like one that does not exist, whatever is done to it", async () => {
        const [owner, other] = [await newUser(newApp(server)), await newUser(newApp(server))];
        const key = await owner.apiKeys.create("mine");
        for (const action of ["fetch", "enable", "disable", "delete"]) {
            const answers = [key._id, someId].map(async (id) => {
                const error = await refused(other.apiKeys[action](id), ...notFound);
                return [error.statusCode, error.errorCode, error.error];
            });
            const [forOwned, forUnknown] = await Promise.all(answers);
            assert.deepEqual(forOwned, forUnknown);
        }
        assert.deepEqual(await other.apiKeys.fetchAll(), []);
        assert.deepEqual(await owner.apiKeys.fetchAll(), [listed(key)]);
        await logInByKey(server, key.key);
    });
});

describe("the number of keys", () => {
    it("is 20 for a user, disabled ones included", async () => {
        const user = await newUser(newApp(server));
        const keys = [];
        for (let number = 1; number <= 20; number++) {
            keys.push(await user.apiKeys.create(`key-${number}`));
        }
        await user.apiKeys.disable(keys[0]._id);
        await refused(user.apiKeys.create("key-21"), 400, "BadRequest", /at most 20 API keys/);
        await logInByKey(server, keys[19].key);
        await user.apiKeys.delete(keys[7]._id);
        await user.apiKeys.create("key-21");
        await refused(user.apiKeys.create("key-22"), 400, "BadRequest");
        assert.equal((await user.apiKeys.fetchAll()).length, 20);
    });

    it("is kept when keys are created at the same time", async () => {
        const user = await newUser(newApp(server));
        const names = Array.from({ length: 26 }, (_, number) => `key-${number}`);
        const outcomes = await Promise.allSettled(names.map((name) => user.apiKeys.create(name)));
        assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 20);
        assert.equal((await user.apiKeys.fetchAll()).length, 20);
    });
});
