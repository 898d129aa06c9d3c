import './design/tokens.css';
import './design/base.css';
import './design/print.css';
import { render } from 'preact';
import { App } from './app';

const page = document.getElementById('page');
if (page !== null) render(<App />, page);
