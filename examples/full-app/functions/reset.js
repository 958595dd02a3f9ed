// A password is replaced for whoever knows the word of the day, unless it is the old one.
exports = ({ currentPasswordValid }, word) => {
    const allowed = word === context.values.get("wordOfTheDay") && !currentPasswordValid;
    return { status: allowed ? "success" : "fail" };
};
