/**
 * Loaded into each part before its own code. The channel to the parent closes when the parent ends, killed or not:
 * then this part ends too, as if it had been asked to.
 */
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});
// The channel alone must not keep a part alive that has finished.
process.channel?.unref();
