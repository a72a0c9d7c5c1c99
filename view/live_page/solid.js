/**
 * The land in three dimensions: places as simple buildings, people who walk, light by the time of day. Knows places and positions; what is
 * written on the screen lies above it, where the stage puts it.
 */

import { OrbitControls } from './three/OrbitControls.js'
import * as THREE from './three/three.module.js'

/** Metres of the land; people are a little large. */
const [WIDTH, DEPTH] = [64, 46]
const across = x => (x - 0.5) * WIDTH
const along = y => (y - 0.5) * DEPTH

/** Opens the world on a canvas. Rejects where there is no WebGL. */
export async function openWorld(canvas) {
  let renderer
  try {
    renderer = new THREE.WebGLRenderer({ canvas, antialias: true })
  } catch {
    throw new Error('This browser draws no three dimensions (WebGL is missing).')
  }
  return new World(renderer)
}

const material = (color, more = {}) => new THREE.MeshStandardMaterial({ color, roughness: 0.9, ...more })

class World {
  #renderer
  #scene = new THREE.Scene()
  #camera = new THREE.PerspectiveCamera(42, 1, 0.5, 400)
  #controls
  #sun = new THREE.DirectionalLight('#fff1dc', 2.4)
  #sky = new THREE.HemisphereLight('#ffe9d6', '#7a4a30', 1.1)
  #lamps = []
  #buildings = new THREE.Group()
  #people = new Map()
  #built = ''
  #isStill = false
  #walked = 0

  constructor(renderer) {
    this.#renderer = renderer
    renderer.setPixelRatio(Math.min(2, devicePixelRatio))
    renderer.shadowMap.enabled = true
    this.#controls = new OrbitControls(this.#camera, renderer.domElement)
    this.#controls.target.set(0, 0, 3)
    this.#controls.maxPolarAngle = 1.45
    this.#controls.minDistance = 12
    this.#controls.maxDistance = 160
    this.#sun.castShadow = true
    this.#sun.shadow.mapSize.set(1024, 1024)
    Object.assign(this.#sun.shadow.camera, { left: -45, right: 45, top: 40, bottom: -40, far: 160 })
    this.#sun.shadow.normalBias = 0.05
    this.#scene.add(this.#sun, this.#sun.target, this.#sky, ground(), rocks(), this.#buildings)
    this.#scene.fog = new THREE.Fog('#e0b48e', 80, 190)
  }

  /** Whether nothing moves by itself. */
  still(isStill) {
    this.#isStill = isStill
    this.#controls.enableDamping = !isStill
  }

  /** The buildings as far as they are, and the canvas as large as it is. */
  build({ places }, { width, height }) {
    this.#renderer.setSize(width, height, false)
    this.#camera.aspect = width / height
    this.#camera.updateProjectionMatrix()
    if (this.#built === '') {
      // A narrow screen sees the land from farther away; afterwards whoever looks says from where.
      const far = Math.max(1, 1.8 / this.#camera.aspect)
      this.#camera.position.copy(this.#controls.target).add(new THREE.Vector3(0, 27, 37).multiplyScalar(far))
      Object.assign(this.#scene.fog, { near: 80 * far, far: 190 * far })
    }
    const built = JSON.stringify(places.map(({ id, x, y, shape, done = 0 }) => [id, x, y, shape, Math.round(done * 40)]))
    if (built === this.#built) return
    this.#built = built
    this.#buildings.traverse(part => part.geometry?.dispose())
    this.#buildings.clear()
    this.#lamps = []
    for (const place of places) {
      const building = BUILDINGS[place.shape](place)
      building.position.set(across(place.x), 0, along(place.y))
      building.traverse(part => {
        part.castShadow = true
        part.receiveShadow = true
        if (part.userData.lamp) this.#lamps.push(part)
      })
      this.#buildings.add(building, pad(place))
    }
  }

  /** People where they are, and the light of that time of day. */
  draw(figures, dt, time) {
    for (const [id, person] of this.#people)
      if (!figures.has(id)) {
        this.#scene.remove(person)
        this.#people.delete(id)
      }
    this.#walked += dt
    for (const [id, { x, y, heading, walks, button }] of figures) {
      let person = this.#people.get(id)
      if (person === undefined) {
        person = figure()
        this.#people.set(id, person)
        this.#scene.add(person)
      }
      person.userData.suit.material.color.set(TONES[button.dataset.tone] ?? TONES.plain)
      person.position.set(across(x), 0, along(y))
      if (heading !== undefined) person.rotation.y = -heading + Math.PI / 2
      const swing = walks && !this.#isStill ? Math.sin(this.#walked * 11) * 0.6 : 0
      person.userData.legs[0].rotation.x = swing
      person.userData.legs[1].rotation.x = -swing
    }
    this.#light(time)
    this.#controls.update()
    this.#renderer.render(this.#scene, this.#camera)
  }

  /** Where a point over the land is on the screen. */
  project(x, y, up, { width, height }) {
    // What is written of a place stands at its front edge.
    const point = new THREE.Vector3(across(x), up === 'head' ? 3 : 0, along(y) + (up === 'head' ? 0 : 6.2)).project(this.#camera)
    return { x: ((point.x + 1) / 2) * width, y: ((1 - point.y) / 2) * height }
  }

  #light(time) {
    const angle = 2 * Math.PI * (time - 0.25)
    const height = Math.sin(angle)
    const day = Math.max(0, Math.min(1, height * 2.2 + 0.25))
    this.#sun.position.set(Math.cos(angle) * 50, 12 + Math.max(0, height) * 40, 25)
    this.#sun.intensity = 0.7 + 2 * day
    this.#sun.color.set('#9db4ff').lerp(new THREE.Color('#fff1dc'), day)
    this.#sky.intensity = 1.1 + 0.5 * day
    const sky = new THREE.Color('#191624').lerp(new THREE.Color('#e6c19c'), day)
    this.#scene.background = sky
    this.#scene.fog.color.copy(sky)
    for (const lamp of this.#lamps) lamp.material.emissiveIntensity = 1.4 * (1 - day)
  }
}

const TONES = { plain: '#8fa2bd', accent: '#3f86d8', good: '#2aa577', bad: '#d2564a', quiet: '#8a94a3' }

/** The height of the land, from sums of waves: low where people are, hills around. */
function heightAt(x, z) {
  const far = Math.max(0, Math.hypot(x / 40, z / 32) - 1)
  return (Math.sin(x * 0.11) * Math.cos(z * 0.13) + 0.6 * Math.sin(x * 0.05 + z * 0.07) + 1.2) * Math.min(1, far) * 5 - 0.06
}

function ground() {
  const shape = new THREE.PlaneGeometry(260, 260, 110, 110)
  shape.rotateX(-Math.PI / 2)
  const at = shape.attributes.position
  for (let i = 0; i < at.count; i++) at.setY(i, heightAt(at.getX(i), at.getZ(i)))
  shape.computeVertexNormals()
  const land = new THREE.Mesh(shape, material('#c58a62', { roughness: 1 }))
  land.receiveShadow = true
  return land
}

/** Stones, always the same ones. */
function rocks() {
  const group = new THREE.Group()
  const shape = new THREE.DodecahedronGeometry(1, 0)
  const stone = material('#8f5a3c')
  for (let n = 0; n < 70; n++) {
    const [u, v] = [(n * 0.618034) % 1, (n * 0.754878 + 0.3) % 1]
    const [x, z] = [(u - 0.5) * 150, (v - 0.5) * 130]
    if (Math.abs(x) < WIDTH / 2 + 3 && Math.abs(z) < DEPTH / 2 + 3) continue
    const rock = new THREE.Mesh(shape, stone)
    const size = 0.5 + ((n * 13) % 7) / 3
    rock.position.set(x, heightAt(x, z) + size * 0.2, z)
    rock.scale.set(size * 1.3, size, size)
    rock.rotation.y = n
    rock.castShadow = true
    group.add(rock)
  }
  return group
}

/** Trodden ground under a place. */
function pad({ x, y }) {
  const disc = new THREE.Mesh(new THREE.CircleGeometry(6.4, 40), material('#ad7350'))
  disc.rotation.x = -Math.PI / 2
  disc.position.set(across(x), 0.02, along(y))
  disc.receiveShadow = true
  return disc
}

function group(...parts) {
  const whole = new THREE.Group()
  whole.add(...parts)
  return whole
}

function part(shape, color, [x, y, z], more) {
  const mesh = new THREE.Mesh(shape, material(color, more))
  mesh.position.set(x, y, z)
  return mesh
}

/** A window that is lit at night. */
function lamp(shape, at) {
  const mesh = part(shape, '#ffd9a0', at, { emissive: '#ffb65c', emissiveIntensity: 0 })
  mesh.userData.lamp = true
  return mesh
}

const BUILDINGS = {
  dome: () =>
    group(
      part(new THREE.SphereGeometry(3.1, 32, 16, 0, Math.PI * 2, 0, Math.PI / 2), '#e9e4da', [0, 0.3, 0], { roughness: 0.5 }),
      part(new THREE.CylinderGeometry(3.3, 3.4, 0.4, 32), '#9b938a', [0, 0.2, 0]),
      part(new THREE.CylinderGeometry(0.9, 0.9, 2.4, 20).rotateX(Math.PI / 2), '#cfc8bd', [0, 0.9, 2.8]),
      lamp(new THREE.CircleGeometry(0.62, 20), [0, 0.95, 4.02]),
      lamp(new THREE.TorusGeometry(2.55, 0.09, 8, 40).rotateX(Math.PI / 2), [0, 2.05, 0]),
    ),
  hall: () =>
    group(
      part(new THREE.BoxGeometry(6, 2.4, 4), '#d9d2c6', [0, 1.2, 0]),
      ...[-2, 0, 2].map(x => part(new THREE.CylinderGeometry(0.98, 0.98, 4.1, 24).rotateX(Math.PI / 2), '#8d9299', [x, 2.4, 0])),
      part(new THREE.BoxGeometry(1.5, 1.7, 0.1), '#6f7780', [0, 0.85, 2.03]),
      ...[-2.1, 2.1].map(x => lamp(new THREE.BoxGeometry(1.1, 0.6, 0.1), [x, 1.5, 2.03])),
    ),
  site: ({ done = 0 }) => {
    const [width, height] = [4.4, 4.2]
    const poles = [-1, 0, 1].flatMap(x =>
      [-1, 1].map(z =>
        part(new THREE.CylinderGeometry(0.09, 0.09, height, 6), '#c6a14a', [(x * width) / 2, height / 2, z * 1.8]),
      ),
    )
    const boards = [1, 2, 3].map(floor =>
      part(new THREE.BoxGeometry(width + 0.3, 0.08, 3.9), '#b08d4f', [0, (floor * height) / 3, 0]),
    )
    const walls = part(new THREE.BoxGeometry(width - 0.5, Math.max(0.05, height * done), 3.2), '#cfd3d6', [
      0,
      (height * done) / 2,
      0,
    ])
    if (done < 1) return group(walls, ...poles, ...boards)
    return group(
      walls,
      part(new THREE.ConeGeometry(3.6, 1.6, 4).rotateY(Math.PI / 4), '#4f7fae', [0, height + 0.8, 0]),
      ...[-1, 1].map(x => lamp(new THREE.BoxGeometry(0.8, 0.8, 0.1), [x, 2, 1.63])),
    )
  },
  field: () =>
    group(
      ...[-2, -1, 0, 1, 2].map(row => part(new THREE.BoxGeometry(7, 0.5, 0.6), '#5f9a55', [0, 0.25, row * 1.25])),
      part(new THREE.BoxGeometry(7.6, 0.15, 7), '#7a5a3e', [0, 0.07, 0]),
    ),
  open: () =>
    group(
      part(new THREE.TorusGeometry(2.6, 0.5, 10, 40).rotateX(Math.PI / 2).scale(1, 0.6, 1), '#9c6240', [0, 0.05, 0]),
      part(new THREE.CylinderGeometry(0.07, 0.07, 4, 8), '#c9cdd2', [0, 2, 0]),
      part(new THREE.BoxGeometry(1.3, 0.8, 0.05), '#d2564a', [0.65, 3.5, 0]),
    ),
}

/** Somebody in a suit. */
function figure() {
  const suit = part(new THREE.CapsuleGeometry(0.42, 0.75, 4, 12), '#8fa2bd', [0, 1.35, 0], { roughness: 0.7 })
  const leg = x => {
    const shape = new THREE.CylinderGeometry(0.17, 0.15, 0.85, 8)
    shape.translate(0, -0.42, 0)
    return part(shape, '#4d5563', [x, 0.88, 0])
  }
  const legs = [leg(-0.2), leg(0.2)]
  const person = group(
    suit,
    ...legs,
    part(new THREE.SphereGeometry(0.42, 18, 14), '#f1efe9', [0, 2.2, 0], { roughness: 0.4 }),
    part(new THREE.SphereGeometry(0.33, 18, 14).scale(1, 0.75, 0.6), '#2b3a4d', [0, 2.22, 0.22], {
      roughness: 0.15,
      metalness: 0.4,
    }),
    part(new THREE.BoxGeometry(0.62, 0.75, 0.3), '#d8d4cb', [0, 1.5, -0.42]),
  )
  person.traverse(each => {
    each.castShadow = true
  })
  person.userData = { suit, legs }
  return person
}
