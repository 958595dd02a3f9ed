// Serves folders as any static file server does: what the pages under test are loaded from.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
};

/**
 * Serves `folders`, an object of folders by the path that they are found under, such as `{ "/": "pages" }`;
 * the longest path counts. Its origin is another than that of any Keystead.
 */
export async function serveFolders(folders) {
    const paths = Object.keys(folders).sort((a, b) => b.length - a.length);
    const server = createServer(async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
        const under = paths.find((candidate) => path.startsWith(candidate));
        const file = join(folders[under], path.slice(under.length), path.endsWith("/") ? "index.html" : "");
        try {
            const content = await readFile(file);
            response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
            response.end(content);
        } catch {
            response.writeHead(404).end();
        }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
        origin: `http://127.0.0.1:${server.address().port}`,
        stop: () => {
            server.closeAllConnections();
            return new Promise((resolve) => server.close(resolve));
        },
    };
}
