// Everything that draws, loaded together when first asked for: it is large, and most commands draw nothing.

/** Figures, the report, and what they need in Node. */
export async function loadDrawing() {
  const [{ figures }, { binaryMoments }, { drawBinary }, { densityAndScore, drawLandscape }, { prepareLandscape }, { prepareLearnedSample }, { reportHtml }, { createSvgDocument, renderPng }] = await Promise.all([
    import('../report/figures/index.ts'), import('../report/binary-moments.ts'), import('../report/figures/binary.ts'), import('../report/figures/density-and-score.ts'), import('../report/landscape/landscape.ts'), import('../report/landscape/learned-sample.ts'),
    import('../report/report-html.ts'), import('./render.ts'),
  ])
  return { figures, binaryMoments, drawBinary, densityAndScore, drawLandscape, prepareLandscape, prepareLearnedSample, reportHtml, createSvgDocument, renderPng }
}

/** What makes films. */
export async function loadFilm() {
  const [{ prepareFilm }, { drawFilm }, { createSvgDocument }, { writeGif, writePngFrames }] = await Promise.all([
    import('../report/landscape/film.ts'), import('../report/film.ts'), import('./render.ts'), import('./film.ts'),
  ])
  return { prepareFilm, drawFilm, createSvgDocument, writeGif, writePngFrames }
}
