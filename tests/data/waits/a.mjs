test("a", async () => {
	await sleep(100);
	for (;;) {
		await sleep(5);
	}
	await sleep(9);
	page.waitForTimeout(3);
});
