// Logs in whoever knows the word of the day. The answer is who it is, and what they are called.
exports = async function ({ nickname, word }) {
    if (word !== context.values.get("wordOfTheDay")) {
        throw new Error("That is not the word of the day");
    }
    return { id: nickname.toLowerCase(), name: nickname };
};
