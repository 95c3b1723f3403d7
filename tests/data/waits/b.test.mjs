while (!done) {
	await sleep(100);
}
await waitFor(() => done, 100, "the end");
