exports = () => {
    const { id, type, identities } = context.user;
    return { id, type, providers: identities.map((identity) => identity.providerType), system: context.runningAsSystem() };
};
