/** How often tests kill a process at random moments: 50, or as `KILLS` says; CI does fewer to end in time. */
export const KILLS = Number(process.env['KILLS'] ?? 50);
