exports = async function (name) {
    const greeting = await context.functions.execute("mail/greeting", name);
    return { greeting, at: new Date(), tag: context.environment.tag, id: new BSON.ObjectId() };
};
