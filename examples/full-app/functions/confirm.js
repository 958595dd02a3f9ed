// Colleagues are confirmed at once, guests when they come back with their token, others never.
exports = ({ token, tokenId, username }) => {
    if (username.endsWith("@colleagues.example.com")) {
        return { status: "success" };
    }
    if (username.endsWith("@guests.example.com")) {
        console.log(`to be mailed to ${username}: the pair ${tokenId}, ${token.length} characters`);
        return { status: "pending" };
    }
    return { status: "fail" };
};
