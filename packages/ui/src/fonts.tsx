/** The two typefaces, served from our own origin. Imported once, by the root layout of an app. */
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
