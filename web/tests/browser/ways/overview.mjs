// The overview shows what counts and the conservation law say.
import assert from 'node:assert/strict';

export const ways = [
  {
    name: 'the overview’s counts are those of the API, and its sums hold',
    async run(world) {
      const counts = await world.api('/counts?by=track');
      const counted = counts.rows.reduce((sum, row) => sum + row.counted, 0);
      const law = await world.api('/conservation');
      const accepted = law.partitions.flatMap((it) => it.hours).reduce((sum, hour) => sum + hour.accepted, 0);
      await world.as('finance', {}, async ({ page, go }) => {
        await go('#/overview');
        await page.getByText('What became of reports').waitFor();
        const digits = async (name) => Number((await page.locator(`[data-figure=${name}]`).textContent()).replace(/\D/g, ''));
        assert.equal(await digits('counted'), counted);
        assert.equal(await digits('reports'), accepted);
        const parts = await page.locator('.flow').evaluateAll((flows) => flows.map((flow) => [...flow.querySelectorAll('.flow-count')].map((it) => Number(it.textContent.replace(/\D/g, '')))));
        for (const [whole, ...rest] of parts) assert.equal(rest.reduce((sum, one) => sum + one, 0), whole);
        assert.equal(await page.getByText('doesn’t hold').count(), 0);
      });
    },
  },
];
