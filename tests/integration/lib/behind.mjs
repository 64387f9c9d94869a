// A broker for a site's pages behind a line: whoever goes to broker.url comes through it.
import { Broker } from './broker.mjs';
import { Line } from './line.mjs';

export async function startBehindLine(site, settings = {}) {
	const line = await Line.open();
	try {
		const broker = await Broker.start({ ...settings, gate: { origins: [line.url] }, egress: { hosts: site.hosts('site.test') } });
		line.connectTo(broker.url);
		broker.url = line.url;
		return { line, broker };
	} catch (error) {
		await line.close();
		throw error;
	}
}
