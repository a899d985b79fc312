/** A shard on a machine for which there is no WebRTC. */
process.send?.({ type: 'unable', detail: 'Could not find wrtc binary on any of the paths.' });
