// Called before a user is made; what it throws prevents that.
exports = (user) => {
    if (user.data.name === "Mallory") {
        throw new Error("Mallory is not welcome");
    }
    console.log("welcome", user.id, user.identities[0].provider_type);
};
