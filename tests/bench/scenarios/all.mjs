// Every scenario, in the order in which they run; and those that are run when they are named only.
import { latency, typing } from './keys.mjs';
import { fast, smooth } from './scroll.mjs';
import { navigation } from './navigation.mjs';
import { video, clean, rests } from './video.mjs';
import { idle } from './idle.mjs';
import { exactness } from './exactness.mjs';
import { moves } from './moves.mjs';

export const SCENARIOS = { latency, typing, fast, smooth, navigation, video, clean, rests, idle, exactness };
export const NAMED_ONLY = { moves };
